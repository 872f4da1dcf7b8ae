// Made before the plugin is bundled: see the Makefile.

declare module "lantoa.wasm" {
  const bytes: Uint8Array;
  export default bytes;
}

declare module "lantoa-worker" {
  const script: string;
  export default script;
}
