// What speedscope's own importer makes of files: import.js RELEASE FILE…,
// RELEASE being the folder dist/release of the npm package. It is the code of
// the page, run by node up to where it would draw: the page's importer is taken
// out at the two places where the bundle names it, and what touches a browser
// gets a stand-in that answers anything. Prints a line of JSON for each file:
// {name, profiles: [{name, unit, total, weights, frames: {name: [self, total]}}]}.
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const NAMES_IMPORTER =
  /loadFileFromBase64:\((\w+),(\w+)\)=>\{this\.loadProfile\(\(\)=>([\w$]+)\(\1,\2\)\)/;
const BEFORE_DRAWING = /console\.log\(`speedscope v/;

// Any property of it, any call, any `new` is itself.
function anything() {
  const self = new Proxy(function () {}, {
    get: (target, key) => (key === Symbol.toPrimitive ? () => "" :
      key === Symbol.iterator ? [][Symbol.iterator] :
      key === "then" ? undefined : self),
    apply: () => self,
    construct: () => self,
    set: () => true,
    has: () => true,
  });
  return self;
}

function loadImporter(release) {
  const file = fs.readdirSync(release).find((name) => /^speedscope-.*\.js$/.test(name));
  const bundle = fs.readFileSync(path.join(release, file), "utf8");
  const named = NAMES_IMPORTER.exec(bundle);
  if (!named || !BEFORE_DRAWING.test(bundle))
    throw new Error("this release of speedscope names its importer elsewhere");
  const code = bundle.replace(BEFORE_DRAWING,
    (text) => `globalThis.importProfile=${named[3]};return;${text}`);
  const browser = anything();
  const page = {
    console, TextDecoder, TextEncoder, URL, atob, setTimeout, clearTimeout,
    document: browser, navigator: browser, localStorage: browser,
    location: { protocol: "file:", hash: "", href: "file:///x", search: "" },
    addEventListener() {}, requestAnimationFrame() {}, devicePixelRatio: 1,
    matchMedia: () => browser, FileReader: browser, File: browser, Image: browser,
  };
  page.window = page.self = page.globalThis = page;
  vm.runInNewContext(code, page, { filename: file });
  return page.importProfile;
}

function describe(profile) {
  const frames = {};
  profile.forEachFrame((frame) => {
    const sums = frames[frame.name] || (frames[frame.name] = [0, 0]);
    sums[0] += frame.getSelfWeight();
    sums[1] += frame.getTotalWeight();
  });
  return {
    name: profile.getName(), unit: profile.getWeightUnit(),
    total: profile.getTotalWeight(),
    weights: profile.getTotalNonIdleWeight(), frames,
  };
}

async function main(release, files) {
  const importProfile = loadImporter(release);
  for (const file of files) {
    const bytes = fs.readFileSync(file).toString("base64");
    const group = await importProfile(path.basename(file), bytes);
    if (!group)
      throw new Error(`${file}: speedscope does not know what it is`);
    console.log(JSON.stringify({
      name: group.name, profiles: group.profiles.map(describe),
    }));
  }
}

main(process.argv[2], process.argv.slice(3)).catch((error) => {
  console.error(String(error && error.stack || error));
  process.exit(1);
});
