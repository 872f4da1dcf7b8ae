// The settings' page: told to Obsidian as definitions, which newer ones search, and shown from them by older ones.

import { PluginSettingTab, Setting } from "obsidian";
import type LantoaPlugin from "./main";
import { say } from "./words";

const EXAMPLE = "http://127.0.0.1:7717/#token=…";

interface Definition { name: string; desc: string; render(setting: Setting): void }

export class LantoaSettings extends PluginSettingTab {
  constructor(private plugin: LantoaPlugin) {
    super(plugin.app, plugin);
  }

  getSettingDefinitions(): Definition[] {
    const known = String(this.plugin.log.events.length);
    return [
      { name: say("learn"), desc: say("learnAbout"), render: (s) => this.learn(s) },
      { name: say("forget"), desc: say("forgetAbout").replace("%", known), render: (s) => this.forget(s) },
      { name: say("address"), desc: say("addressAbout"), render: (s) => this.address(s) },
    ];
  }

  /** Before Obsidian 1.13. */
  display(): void {
    this.containerEl.empty();
    for (const d of this.getSettingDefinitions()) d.render(new Setting(this.containerEl).setName(d.name).setDesc(d.desc));
  }

  private learn(setting: Setting): void {
    const { plugin } = this;
    setting.addToggle((toggle) => toggle.setValue(plugin.settings.learn).onChange(async (to) => {
      plugin.settings.learn = to;
      await plugin.save();
    }));
  }

  private forget(setting: Setting): void {
    const { plugin } = this;
    setting.addButton((button) => button.setButtonText(say("forgetNow")).onClick(async () => {
      plugin.log.forget();
      await plugin.save();
      setting.setDesc(say("forgetAbout").replace("%", "0"));
    }));
  }

  private address(setting: Setting): void {
    const { plugin } = this;
    setting.addText((text) => text.setPlaceholder(EXAMPLE).setValue(plugin.settings.address).onChange(async (to) => {
      plugin.settings.address = to;
      await plugin.save();
    }));
  }
}
