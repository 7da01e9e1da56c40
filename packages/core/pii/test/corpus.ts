import { Draw } from "./draw.ts";
import { locales } from "./locales.ts";
import { makers, type Planted } from "./values.ts";

/** A text with one value in it that must be found, or with none. */
export interface Specimen {
  readonly locale: string;
  readonly text: string;
  readonly planted: readonly Planted[];
}

/**
 * Templates of statements, log lines, plans and errors. `@` stands for a value, `#` for a word that says what it is, `~`
 * for a sentence of the locale around the value, `^` for something that looks like a value and is none. The set that
 * detectors are developed with and the one that they are judged by have no line in common.
 */
const templates = {
  development: [
    "SELECT id FROM t WHERE # = '@' AND created < now()",
    "UPDATE c SET # = '@' WHERE id = 42",
    "LOG: # @ accepted in 12.3 ms (^)",
    "ERROR: duplicate key; Key (#)=(@) already exists.",
    '{"Node Type":"Seq Scan","Filter":"((#)::text = \'@\'::text)","Plan Rows":12}',
    "~",
    "/* #: @ */ SELECT ^",
  ],
  test: [
    "DELETE FROM ledger WHERE \"#\" IN ('@') -- ^",
    "MERGE INTO p USING (SELECT 1 AS v) s ON p.# = '@' WHEN MATCHED THEN DO NOTHING",
    "INSERT INTO audit(who) VALUES ('^'); -- # @",
    'level=warn msg="lookup of # @ failed" id=^ took=8ms',
    '{"ts":"2026-11-21T12:00:00.123Z","#":"@","trace":"^"}',
    "ERROR 1062 (23000): Duplicate entry '@' for key '#' (statement ^)",
    "DETAIL:  Failing row contains (^, # @, t, 2026-11-21).",
    "Index Cond: (# = '@'::character varying)  (cost=0.42..8.44 rows=1 width=64)",
    "-> Filter: (t.`#` = '@')  (cost=1.25 rows=7) (actual time=0.04..0.05 rows=0 loops=1)",
    "[client ^] ~",
  ],
} as const;

/** For values that bring their own quotes and names. */
const bareTemplates = {
  development: ["LOG: statement: @", "# was @ before ^", "~"],
  test: ["STATEMENT:  @", "level=error # rejected: @ (id ^)", "context=^ # @", "/* ^ */ @"],
} as const;

export type CorpusName = keyof typeof templates;

/** Numbers and names of telemetry that nobody wants replaced. */
function decoy(draw: Draw): string {
  return draw.of([
    () => `${1_732_195_200_000 + draw.below(1e9)}`,
    () => `17321952${draw.digits(11)}`,
    () => `${draw.hex(8)}-${draw.hex(4)}-4${draw.hex(3)}-a${draw.hex(3)}-${draw.hex(12)}`,
    () => draw.hex(32),
    () => draw.hex(64),
    () => `-${draw.between(1, 8)}${draw.digits(18)}`,
    () => `order-${draw.digits(9)}`,
    () => `${draw.digits(9)}`,
    () => "logo@2x.png",
    () => "root@localhost",
    () => `v${draw.below(20)}.${draw.below(20)}.${draw.below(99)}`,
    () => "12:34:56.789",
    () => `0/${draw.hex(7).toUpperCase()}`,
    () => "token = t.token",
    () => "password = $1",
    () => `/var/lib/postgresql/${draw.below(20)}/main/pg_wal/${draw.text("0123456789ABCDEF", 24)}`,
  ])();
}

/** Texts with values of every entity in every locale, `each` of each entity, and as many texts without any. */
export function corpus(name: CorpusName, { seed, each }: { readonly seed: number; readonly each: number }): Specimen[] {
  const draw = new Draw(seed);
  const specimens: Specimen[] = [];
  for (const [entity, make] of Object.entries(makers)) {
    for (let index = 0; index < each; index++) {
      const locale = locales[index % locales.length] ?? draw.of(locales);
      const made = make(draw, locale);
      const planted = { entity, value: made.shown, ...made };
      const template = draw.of(planted.bare ? bareTemplates[name] : templates[name]);
      specimens.push({
        locale: locale.name,
        text: filled(template, locale.sentence, planted, draw),
        planted: [planted],
      });
    }
  }
  for (let index = 0; index < each * 10; index++) {
    const template = draw.of(templates[name].filter((text) => text.includes("^")));
    const nothing = {
      entity: "",
      shown: decoy(draw),
      value: "",
      labels: ["col", "request", "state", "query_id", "relation"],
    };
    const locale = draw.of(locales);
    specimens.push({ locale: locale.name, text: filled(template, locale.sentence, nothing, draw), planted: [] });
  }
  return specimens;
}

function filled(template: string, sentence: string, { shown, labels }: Planted, draw: Draw): string {
  const label = draw.of(labels);
  return template.replaceAll(/[@#~^]/g, (mark) => {
    if (mark === "@") return shown;
    if (mark === "#") return label;
    return mark === "~" ? sentence.replace("%", () => `${label} ${shown}`) : decoy(draw);
  });
}
