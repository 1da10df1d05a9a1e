import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import { InvalidInput } from '#domain/errors.ts';
import { normalText } from '#domain/text-rules.ts';

const NAME = 'textArguments';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      [NAME]: TextArgumentsPlugin<Types>;
    }
  }
}

/**
 * Passes every string of every argument through the text parser before a resolver gets it. The resolver gets the string
 * in Unicode's form NFC; a string that is not text is refused with InvalidInput and the name of its field. This plug-in
 * runs inside the errors plug-in, so that a mutation returns the refusal as a member of its union. Mutations without
 * InvalidInput take ids only, and an id that is not text does not exist.
 */
class TextArgumentsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    // The arguments of a subscription are checked once, when it begins, and not again for each frame.
    if (field.kind === 'Subscription' || !takesText(field)) return resolve;
    return (source, args, context, info) => resolve(source, textOf('', args) as object, context, info);
  }

  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    if (!subscribe || !takesText(field)) return subscribe;
    return (source, args, context, info) => subscribe(source, textOf('', args) as object, context, info);
  }
}

function takesText<Types extends SchemaTypes>({ args, extensions }: PothosOutputFieldConfig<Types>): boolean {
  const refusals = extensions?.pothosErrors as readonly unknown[] | undefined;
  return Object.keys(args).length > 0 && (refusals === undefined || refusals.includes(InvalidInput));
}

/** Returns the value with normal strings; the same object when all are normal already, the usual case. Throws InvalidInput. */
function textOf(field: string, value: unknown): unknown {
  if (typeof value === 'string') return normalOf(field, value);
  if (Array.isArray(value)) return mapped(value, (item) => textOf(field, item));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  let changed: Record<string, unknown> | undefined;
  for (const [name, part] of Object.entries(value)) {
    const read = textOf(nameOf(field, name), part);
    if (read === part) continue;
    changed ??= { ...(value as Record<string, unknown>) };
    changed[name] = read;
  }
  return changed ?? value;
}

function mapped(items: readonly unknown[], read: (item: unknown) => unknown): readonly unknown[] {
  const results = items.map(read);
  return results.every((item, index) => item === items[index]) ? items : results;
}

/** Returns the field's name as other refusals have it: `email`, not `input.email`. */
const nameOf = (field: string, name: string): string => (field === '' || field === 'input' ? name : `${field}.${name}`);

function normalOf(field: string, text: string): string {
  const normal = normalText(text);
  if (normal !== undefined) return normal;
  throw new InvalidInput(field, 'This contains a character that is not text, such as NUL or half of an emoji.');
}

SchemaBuilder.registerPlugin(NAME, TextArgumentsPlugin);

export const textArguments = NAME;
