// What the plugin remembers, and how two memories are merged: plugin_log.mjs ROOT. Wants esbuild.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { bundle } from "./lib/wasm.mjs";

const root = resolve(process.argv[2]), folder = mkdtempSync(join(tmpdir(), "lantoa-test-"));
const { Log } = await bundle(root, "plugin/src/core/log.ts", folder);
rmSync(folder, { recursive: true });
const HEADER = '{"type":"lantoa-memory","version":1}\n';

function opensAreKeptApart() {
  const log = new Log([]);
  log.opened("b.md", "a.md", 5);
  log.opened("b.md", "a.md", 5);
  log.opened("b.md", null, 5);
  assert.deepEqual(log.events.map((e) => [e.at_ms, e.from]), [[5, "a.md"], [5, undefined], [6, "a.md"]]);
}

function theLastVerdictCounts() {
  const log = new Log([]);
  log.feedback("a.md", "b.md", "good", 10);
  log.feedback("a.md", "b.md", "bad", 10); // the same millisecond
  log.feedback("a.md", "c.md", "hidden", 9);
  assert.deepEqual(log.events.map((e) => e.verdict), ["hidden", "bad"]);
  const older = { type: "feedback", at_ms: 9, note: "a.md", related: "b.md", verdict: "none" };
  assert.equal(log.merge(older), false);
  assert.equal(log.merge({ ...older, at_ms: 11 }), true);
  assert.equal(log.events.at(-1).verdict, "none");
}

function whatWasExportedComesBack() {
  const log = new Log([]);
  log.opened("Cà phê \"đá\".md", "a.md", 1);
  log.feedback("a.md", "b.md", "good", 2);
  log.merge({ type: "weights", name: "score", at_ms: 3, data: "AAAA" });
  const text = log.export(), other = new Log([]);
  assert.ok(text.startsWith(HEADER));
  assert.equal(other.import(text), 3);
  assert.equal(other.import(text + "\n"), 0);
  assert.equal(other.export(), text);
  assert.equal(other.weights("score"), "AAAA");
  assert.equal(other.weights("other"), null);
  assert.deepEqual(new Log(JSON.parse(JSON.stringify(other.lines))).export(), text, "by way of the plugin's data");
  other.forget();
  assert.equal(other.export(), HEADER);
}

function whatCannotBeReadIsNamed() {
  const good = '{"type":"opened","at_ms":1,"note":"a.md","unknown":1}\n';
  for (const bad of ["{", "[]", '{"type":"opened","at_ms":1}', '{"type":"opened","at_ms":-1,"note":"a.md"}', '{"type":"what","at_ms":1,"note":"a.md"}',
    '{"type":"feedback","at_ms":1,"note":"a","related":"b","verdict":"so-so"}', '{"type":"lantoa-memory","version":2}', "null"]) {
    const log = new Log([]);
    assert.throws(() => log.import(HEADER + good + bad), /line 3/, bad);
    assert.equal(log.events.length, 0, "all or nothing");
    assert.equal(log.import(HEADER + good), 1);
  }
  assert.deepEqual(new Log([null, 1, { type: "opened" }, JSON.parse(good)]).events.length, 1);
  assert.deepEqual(new Log("damaged").events, []);
}

function itDoesNotGrowWithoutEnd() {
  const log = new Log([]);
  for (let i = 0; i < 45000; i++) log.opened(`${i}.md`, null, i);
  assert.ok(log.events.length <= 20000 && log.events.length >= 18000);
  assert.equal(log.events.at(-1).note, "44999.md");
}

for (const test of [opensAreKeptApart, theLastVerdictCounts, whatWasExportedComesBack, whatCannotBeReadIsNamed, itDoesNotGrowWithoutEnd]) {
  console.log(test.name);
  test();
}
