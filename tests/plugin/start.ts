// Starts the plugin as Obsidian would.

import LantoaPlugin from "../../plugin/src/main";
import { App, ItemView } from "./obsidian";

const app = new App();
ItemView.app = app;
window.seen = [];
const plugin = new (LantoaPlugin as any)(app);
Object.assign(window, { app, plugin });
void plugin.onload();
