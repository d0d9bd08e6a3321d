import { DataTypes, type Association, type Model, type ModelStatic, type Sequelize } from 'sequelize'

/** Conditions that an association puts on its rows: with a polymorphic one, whose kind the row is. */
export type Scope = Readonly<Record<string, unknown>>

/** An attribute that says to which row of another model a row belongs, as one association or definition has it. */
export interface Reference {
  /** Whose rows they are. */
  readonly model: ModelStatic<Model>
  readonly foreignKey: string
  /** What it refers to: a quoted table, and one of its attributes, or the primary key if that is not said. */
  readonly table: string
  readonly key: string | undefined
  /** Empty if all rows are meant. */
  readonly scope: Scope
  /** Whether the database sees to it that it refers to this table and no other. */
  readonly isEnforced: boolean
  /** How many rows may refer to the same one, if that is said. */
  readonly count: 'one' | 'many' | undefined
}

/** The parts of associations that Sequelize's types leave out. */
interface AnyAssociation extends Association {
  readonly options: { readonly constraints?: boolean }
  readonly scope?: Scope | undefined
  readonly sourceKey?: string
  readonly targetKey?: string
  readonly otherKey?: string
  readonly through?: { readonly model: ModelStatic<Model>; readonly scope?: Scope }
}

/** Everything that the models of an application say about which row belongs to which. */
export function referencesIn(sequelize: Sequelize): Reference[] {
  const models = Object.values(sequelize.models)
  return models.flatMap((model) => [
    ...(Object.values(model.associations) as AnyAssociation[]).flatMap(referencesOf),
    ...declaredReferences(model),
  ])
}

/** A model's table, to compare by. */
export function tableOf(model: ModelStatic<Model>): string {
  return quote(model, model.getTableName())
}

function referencesOf(association: AnyAssociation): Reference[] {
  const { source, target, through, foreignKey, sourceKey, targetKey, otherKey } = association
  const isEnforced = association.options.constraints !== false
  const scope = association.scope ?? {}
  switch (association.associationType) {
    case 'BelongsTo':
      return [reference(source, foreignKey, target, { key: targetKey, isEnforced })]
    case 'HasOne':
      return [reference(target, foreignKey, source, { key: sourceKey, isEnforced, scope, count: 'one' })]
    case 'HasMany':
      return [reference(target, foreignKey, source, { key: sourceKey, isEnforced, scope, count: 'many' })]
    case 'BelongsToMany': {
      if (through === undefined || otherKey === undefined) return []
      const joined = { isEnforced, scope: through.scope ?? {}, count: 'many' } as const
      return [
        reference(through.model, foreignKey, source, { ...joined, key: sourceKey }),
        reference(through.model, otherKey, target, { ...joined, key: targetKey }),
      ]
    }
    default:
      return []
  }
}

function reference(
  model: ModelStatic<Model>,
  foreignKey: string,
  to: ModelStatic<Model>,
  said: Pick<Reference, 'key' | 'isEnforced'> & Partial<Reference>,
): Reference {
  return { model, foreignKey, table: tableOf(to), scope: {}, count: undefined, ...said }
}

/** Attributes with `references`, which need no association. */
function declaredReferences(model: ModelStatic<Model>): Reference[] {
  return Object.entries(model.getAttributes()).flatMap(([foreignKey, { references, type }]) => {
    if (references === undefined || type instanceof DataTypes.VIRTUAL) return []
    const { model: target, key: field } = typeof references === 'string' ? { model: references } : references
    if (target === undefined) return []
    const table = quote(model, isModel(target) ? target.getTableName() : target)
    const key = field === undefined ? undefined : attributeOf(model.sequelize, table, field)
    return [{ model, foreignKey, table, key, scope: {}, isEnforced: true, count: undefined }]
  })
}

/** `references` names a column; everything here is about attributes. */
function attributeOf(sequelize: Sequelize | undefined, table: string, field: string): string | undefined {
  const target = Object.values(sequelize?.models ?? {}).find((model) => tableOf(model) === table)
  return Object.entries(target?.getAttributes() ?? {}).find(
    ([name, attribute]) => (attribute.field ?? name) === field,
  )?.[0]
}

export function isModel(value: unknown): value is ModelStatic<Model> {
  return typeof value === 'function' && 'getTableName' in value
}

function quote(model: ModelStatic<Model>, table: unknown): string {
  const { queryGenerator } = model.sequelize?.getQueryInterface() ?? {}
  return (queryGenerator as { quoteTable: (table: unknown) => string }).quoteTable(table)
}
