import type { Model, ModelStatic } from 'sequelize'

/** Which rows of one table are due: those whose `since` is past, and of which nothing else says that they stay. */
export interface Due {
  readonly model: ModelStatic<Model>
  /** The attribute of the primary key. */
  readonly key: string
  /** The attribute, with an index, by which rows become due; and the order in which they go. */
  readonly since: string
  /** Rows up to then are due; a day, where `since` is one. */
  readonly until: Date | string
  /** A further attribute to read. */
  readonly reads?: string
  /** A table whose rows go with these, and are locked with them. */
  readonly with?: { readonly model: ModelStatic<Model>; readonly key: string } | undefined
  /** Rows of another table that keep a row from being due. */
  readonly unless?: {
    readonly model: ModelStatic<Model>
    /** Its attribute that refers to `key`. */
    readonly foreignKey: string
    /** They count if this attribute of theirs is later; without it all do. */
    readonly later?: { readonly attribute: string; readonly than: Date }
  }
}

/** Where in the order of `since` a batch ended. */
export interface Position {
  /** The database's own spelling, as JavaScript's dates end at milliseconds. */
  readonly since: string
  readonly key: number | string
}

/** A row that is due. */
export interface DueRow extends Position {
  /** What `reads` names. */
  readonly read: unknown
}
