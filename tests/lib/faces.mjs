// What the tests of the page, the plugin and MCP share: a vault of their own, a server for it, a browser.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CHROMIUM = "/usr/bin/chromium";

/** How the memory's reasons begin or end, which come in English (src/memory/why.c). */
export const ENGLISH = new RegExp("^(linked (with|from)|links to|named? in|names|both (linked|link|tagged)|in the same|words in|tied to|" +
  "often|near by|opened from|said to|holds:)|(was opened from it|shows .*)$");

export function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

/** Debian 12's Node.js is too old for most of npm's packages: the script runs once more with the one that came from there. */
export function useNewerNode() {
  const newer = join(process.env.NODE_PATH ?? "/nowhere", ".bin/node");
  if (Number(process.versions.node.split(".")[0]) >= 20) return;
  if (!existsSync(newer)) skip("Node.js is older than 20, and there is none in NODE_PATH");
  process.exit(spawnSync(newer, process.argv.slice(1), { stdio: "inherit" }).status ?? 1);
}

/** Debian's chromium by npm's playwright-core (in NODE_PATH's folder), or the test is skipped. */
export async function openBrowser() {
  useNewerNode();
  let playwright = null;
  try {
    playwright = createRequire(join(process.env.NODE_PATH ?? "/usr/share/nodejs", "/"))("playwright-core");
  } catch {
    // told below
  }
  if (!playwright || !existsSync(CHROMIUM)) skip("there is no chromium, or no playwright-core in NODE_PATH");
  return playwright.chromium.launch({
    executablePath: CHROMIUM, args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** A folder with a copy of a vault (or for one that stays where it is), in which all that is kept of it stays. */
export class World {
  constructor(sample, vault = null) {
    this.folder = mkdtempSync(join(tmpdir(), "lantoa-test-"));
    this.vault = vault ?? join(this.folder, "vault");
    this.stops = [];
    if (!vault) cpSync(sample, this.vault, { recursive: true });
    this.env = { ...process.env, HOME: this.folder };
    for (const name of ["XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"]) delete this.env[name];
  }

  /** Starts `lantoa serve`: its process, the page's address, the API's, and the token. */
  async serve(lantoa, ...options) {
    const process = spawn(lantoa, ["serve", "--port", "0", "--vault", this.vault, ...options], { env: this.env, stdio: ["ignore", "pipe", "inherit"] });
    this.stops.push(() => process.kill());
    const line = await new Promise((done) => process.stdout.once("data", (d) => done(String(d))));
    const [address, base, token] = /(http:\S+)\/#token=(\w+)/.exec(line);
    return { process, address, base, token };
  }

  /** Runs the steps one after the other; ends the process with 0, or 1 at the first that fails. */
  async run(steps, after = () => undefined) {
    let code = 0;
    try {
      for (const step of steps) {
        console.log(step.name);
        await step();
        after();
      }
    } catch (e) {
      console.log(e);
      code = 1;
    }
    for (const stop of this.stops) await stop();
    rmSync(this.folder, { recursive: true, force: true });
    process.exit(code);
  }
}
