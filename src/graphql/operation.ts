import type { DocumentNode, OperationTypeNode } from 'graphql';

/** A document that passed every check, and the operation of it that the client asked for. */
export type Operation = {
  readonly text: string;
  readonly document: DocumentNode;
  readonly type: OperationTypeNode;
  /** The name that its author chose; undefined for an anonymous operation. */
  readonly name: string | undefined;
  /** Its root field, or `several`. Metrics use it, because clients may choose any name. */
  readonly field: string;
  /** About how many values it may return. */
  readonly cost: number;
  /** How often clients asked for it: a document that is used again is worth compiling. */
  uses: number;
};
