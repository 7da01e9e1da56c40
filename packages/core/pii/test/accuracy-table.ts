// Writes the table of how well each entity is found into the README.
import { readFileSync, writeFileSync } from "node:fs";
import { accuracyOn, accuracyTable, judged } from "./accuracy.ts";

const readme = new URL("../README.md", import.meta.url);
const marks = /(<!-- accuracy:begin -->\n)[\s\S]*?(<!-- accuracy:end -->)/;
const table = accuracyTable(accuracyOn(judged));
const filled = readFileSync(readme, "utf8").replace(marks, (_all, begin, end) => `${begin}\n${table}\n\n${end}`);
writeFileSync(readme, filled);
