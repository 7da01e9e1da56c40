import type { Logs } from "@dbintel/pdata";

const changeEvent = "db.plan.change";
const most = 3;
const longestText = 70;

/** Keeps which statements got another plan since it was asked last. */
export class PlanChanges {
  #lines: string[] = [];

  addLogs(logs: Logs): void {
    for (const { eventName, attributes } of logs.records()) {
      if (eventName !== changeEvent || this.#lines.length >= most) continue;
      const text = (attributes.getString("db.query.text") ?? "").replaceAll(/\s+/g, " ").trim();
      const difference = attributes.getString("db.query.plan.difference") ?? "";
      // Before the first change nothing is known of the plan before.
      if (difference === "") continue;
      const excerpt = text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
      const details = difference.split("\n").map((line) => `      ${line.trim()}`);
      this.#lines.push([`another plan: ${excerpt}`, ...details].join("\n"));
    }
  }

  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
