import { LAWS, type Law } from './checkers/violations.ts';
import { FAULTS, IMPOSSIBLE, STRUCK_STATES, type Cell, type Fault } from './kernel/coverage.ts';
import { LEAST } from './kernel/least.ts';
import { MARKS, type Mark } from './kernel/marks.ts';
import type { Outcome } from './simulate.ts';

/** What many seeds together have done, judged and struck. */
export class Summary {
  readonly #marks = new Map<string, number>();
  readonly #judged = new Map<string, number>();
  readonly #struck = new Map<string, number>();
  readonly #least = new Map<string, number>();
  readonly #thin: string[] = [];
  #seeds = 0;
  #steps = 0;
  #cpuMs = 0;

  add(outcome: Outcome): void {
    add(this.#marks, outcome.marks);
    add(this.#judged, outcome.judged);
    add(this.#struck, outcome.struck);
    for (const what of Object.keys(LEAST) as (keyof typeof LEAST)[])
      this.#least.set(what, Math.min(this.#least.get(what) ?? Infinity, outcome[what]));
    // A run stops at the first broken promise, and may have done little by then.
    const lacks = Object.entries(LEAST).flatMap(([what, least]) => {
      const has = outcome[what as keyof typeof LEAST];
      return has < least ? [`${has} ${what}`] : [];
    });
    if (lacks.length > 0 && outcome.violations.length === 0)
      this.#thin.push(`seed ${outcome.seed}: ${lacks.join(', ')}`);
    this.#seeds += 1;
    this.#steps += outcome.steps;
    this.#cpuMs += outcome.cpuMs;
  }

  /** Paths that no seed took, laws that none had to judge, and faults that struck no grant in some state; in words. */
  missed(): readonly string[] {
    const marks = (Object.keys(MARKS) as Mark[]).filter((mark) => !this.#marks.has(mark));
    const laws = (Object.keys(LAWS) as Law[]).filter((law) => !this.#judged.has(law));
    const cells = (Object.keys(FAULTS) as Fault[]).flatMap((fault) =>
      STRUCK_STATES.map((state): Cell => `${fault}/${state}`).filter(
        (cell) => !this.#struck.has(cell) && IMPOSSIBLE[cell] === undefined,
      ),
    );
    return [
      ...marks.map((mark) => `path ${mark}: ${MARKS[mark]}`),
      ...laws.map((law) => `law ${law}: ${LAWS[law]}`),
      ...cells.map((cell) => `fault/state ${cell}`),
    ];
  }

  /** Seeds that held, and in which less happened than each must have; in words. */
  thin(): readonly string[] {
    return this.#thin;
  }

  /** Everything as a text for people: how often each law was judged, which fault struck a grant in which state, and how fast it went. */
  text(): string {
    const laws = (Object.keys(LAWS) as Law[]).map(
      (law) => `  ${String(this.#judged.get(law) ?? 0).padStart(9)}  ${law.padEnd(24)} ${LAWS[law]}`,
    );
    const head = `  ${''.padEnd(21)}${STRUCK_STATES.map((state) => state.padStart(11)).join('')}`;
    const cells = (Object.keys(FAULTS) as Fault[]).map((fault) => {
      const counts = STRUCK_STATES.map((state) => {
        const cell: Cell = `${fault}/${state}`;
        return (IMPOSSIBLE[cell] === undefined ? String(this.#struck.get(cell) ?? 0) : '-').padStart(11);
      });
      return `  ${fault.padEnd(21)}${counts.join('')}`;
    });
    const least = Object.keys(LEAST).map((what) => `${this.#least.get(what) ?? 0} ${what}`);
    const speed = this.#cpuMs === 0 ? 0 : Math.round((this.#steps / this.#cpuMs) * 1_000);
    return [
      'How often each law was judged:',
      ...laws,
      'How often a fault struck a grant, by its state:',
      head,
      ...cells,
      `At least in each of ${this.#seeds} seeds: ${least.join(', ')}`,
      `${this.#steps} steps, ${speed} a second of one core's time`,
    ].join('\n');
  }
}

function add(sums: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counts)) sums.set(key, (sums.get(key) ?? 0) + count);
}
