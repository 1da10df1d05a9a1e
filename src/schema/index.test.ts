import {
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, test } from 'vitest';
import { schema } from './index.ts';
import { foundTypes } from './node.ts';

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

const Node = schema.getType('Node') as GraphQLInterfaceType;

function* partsOf(type: GraphQLNamedType): Generator<[name: string, description: string | null | undefined]> {
  yield [type.name, type.description];
  if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value.description];
  if (isInputObjectType(type))
    for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field.description];
  if (!isObjectType(type) && !isInterfaceType(type)) return;
  for (const field of Object.values(type.getFields())) {
    yield [`${type.name}.${field.name}`, field.description];
    for (const arg of field.args) yield [`${type.name}.${field.name}(${arg.name}:)`, arg.description];
  }
}

test('every type, field, argument and enum value has a description', () => {
  const parts = types.flatMap((type) => [...partsOf(type)]);
  expect(parts.length).toBeGreaterThan(250);
  expect(parts.filter(([, description]) => !description?.trim()).map(([name]) => name)).toEqual([]);
});

test('every type with an id is a Node that `node` can find', () => {
  const withId = types.filter((type) => isObjectType(type) && 'id' in type.getFields()).map(({ name }) => name);
  const nodes = schema.getImplementations(Node).objects.map(({ name }) => name);
  expect(nodes.length).toBeGreaterThan(9);
  expect(withId.sort()).toEqual(nodes.toSorted());
  expect(nodes.sort()).toEqual(foundTypes());
});

test('every custom scalar has the address of its specification', () => {
  const scalars = types.filter((type) => isScalarType(type));
  expect(scalars.map(({ name }) => name).sort()).toEqual([
    'DateTime',
    'Decimal',
    'LocalDateTime',
    'MinorUnits',
    'SeatStatuses',
  ]);
  for (const { specifiedByURL } of scalars) expect(specifiedByURL).toMatch(/^https:/);
});

test('every refusal type implements Refusal, and no other type does', () => {
  const refusals = types.filter(
    (type) => isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Refusal'),
  );
  for (const type of refusals)
    expect(isObjectType(type) && Object.keys(type.getFields())).toEqual(
      expect.arrayContaining(['code', 'message', 'retry']),
    );
  const codes = schema.getType('RefusalCode');
  const toCode = (name: string) => name.replace(/(?<!^)[A-Z]/g, '_$&').toUpperCase();
  expect(
    isEnumType(codes) &&
      codes
        .getValues()
        .map(({ name }) => name)
        .sort(),
  ).toEqual(refusals.map(({ name }) => toCode(name)).sort());
});
