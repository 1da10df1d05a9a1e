import { problemOfCoordinate, readLabel } from './file-values.ts';
import type { Place, PlanProblems } from './plan-problems.ts';

/**
 * A value in a JSON file together with its path. Its readers return undefined for a value of another type, after they
 * have added the problem with the path; an absent value and null are the same.
 */
export class JsonNode implements Place {
  readonly value: unknown;
  private readonly problems: PlanProblems;
  private readonly parent: JsonNode | undefined;
  private readonly key: string | number;

  constructor(value: unknown, problems: PlanProblems, parent?: JsonNode, key: string | number = '') {
    this.value = value;
    this.problems = problems;
    this.parent = parent;
    this.key = key;
  }

  get path(): string {
    if (!this.parent) return 'the file';
    const before = this.parent.parent ? this.parent.path : '';
    if (typeof this.key === 'number') return `${before}[${this.key}]`;
    return before ? `${before}.${this.key}` : this.key;
  }

  /** True when there is a value other than null. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  problem(message: string): undefined {
    return this.problems.add(this, message);
  }

  warn(message: string): void {
    this.problems.warn(this, message);
  }

  /** The names of the fields; none for a value that is not an object. */
  keys(): string[] {
    return this.isObject() ? Object.keys(this.value as object) : [];
  }

  get(key: string): JsonNode {
    const value = this.isObject() && Object.hasOwn(this.value as object, key) ? (this.value as never)[key] : undefined;
    return new JsonNode(value, this.problems, this, key);
  }

  /** An element of a list, for its path. */
  at(index: number): JsonNode {
    return new JsonNode(Array.isArray(this.value) ? this.value[index] : undefined, this.problems, this, index);
  }

  /** False, after adding the problem, for a value that is not an object. */
  requireObject(): boolean {
    if (this.isObject()) return true;
    this.problem('an object is needed');
    return false;
  }

  /** The elements of a list; none when it is absent. */
  items(): JsonNode[] {
    if (!this.exists) return [];
    if (Array.isArray(this.value))
      return this.value.map((item, index) => new JsonNode(item, this.problems, this, index));
    this.problem('a list is needed');
    return [];
  }

  label(): string | undefined {
    const read = readLabel(this.value);
    return 'label' in read ? read.label : this.problem(read.problem);
  }

  /** A coordinate or a length. */
  number(): number | undefined {
    const problem = problemOfCoordinate(this.value);
    return problem === undefined ? (this.value as number) : this.problem(problem);
  }

  /** `otherwise` when it is absent. */
  numberOr(otherwise: number): number {
    return this.exists ? (this.number() ?? otherwise) : otherwise;
  }

  /** A whole number in the range. */
  integer(range: { least: number; most: number }): number | undefined {
    const { value } = this;
    if (Number.isInteger(value) && (value as number) >= range.least && (value as number) <= range.most)
      return value as number;
    return this.problem(
      `a whole number from ${range.least} to ${range.most.toLocaleString('en')} is needed, not ${shown(value)}`,
    );
  }

  /** False when it is absent. */
  flag(): boolean {
    if (!this.exists || typeof this.value === 'boolean') return this.value === true;
    this.problem('true or false is needed');
    return false;
  }

  /** A position `{ x, y }`; undefined when it is absent. */
  position(): { x: number; y: number } | undefined {
    if (!this.exists || !this.requireObject()) return undefined;
    const [x, y] = [this.get('x').number(), this.get('y').number()];
    return x === undefined || y === undefined ? undefined : { x, y };
  }

  private isObject(): boolean {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
  }
}

/** The root of a JSON file; undefined, after adding the problem, when the text is not JSON. */
export function parseJson(text: string, problems: PlanProblems): JsonNode | undefined {
  try {
    return new JsonNode(JSON.parse(text), problems);
  } catch (error) {
    return problems.add({ path: 'the file' }, `not JSON: ${(error as Error).message}`);
  }
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 40);
