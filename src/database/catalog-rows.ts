import type { Transaction } from 'sequelize'

/** A column, as each dialect's catalog is asked for it. */
export interface ColumnRow {
  /** What tells the table from all others. */
  readonly table: string
  readonly name: string
  readonly type: string
  readonly isNullable: boolean | number
  readonly isKey?: boolean | number
  readonly hasDefault: boolean | number
  /** Whether `table` is written as in SQL, and not a bare name. */
  readonly isQuoted: boolean | number
  readonly isPartitioned?: boolean
  readonly isView?: boolean | number
}

/** One column of a foreign key, in order. */
export interface ForeignKeyRow {
  readonly table: string
  /** On SQLite, a number. */
  readonly name: string | number
  readonly column: string | null
  readonly target: string
  readonly targetColumn: string | null
  /** How the table's definition has to write the target, where that is not how statements write it. */
  readonly reference?: string | null
  /** Other databases of the server, where the table and its target are in one. */
  readonly schema?: string | null
  readonly targetSchema?: string | null
  readonly onDelete: string
  readonly onUpdate: string
}

/** One part of an index, in order. */
export interface IndexRow {
  readonly table: string
  readonly name: string
  /** Null for an expression, and for the beginning of a column. */
  readonly column: string | null
  /** The part as SQL, unless it is the column and no more. */
  readonly expression?: string | null
  /** The same on MySQL 8, where MariaDB has no such column. Quotes are escaped by a backslash. */
  readonly EXPRESSION?: string | null
  /** On SQLite, the statement that made the index; it alone contains the expressions and the predicate. */
  readonly definition?: string | null
  readonly isUnique: boolean | number
  /** Whether queries can use it. A unique index that is being built refuses rows before it is usable. */
  readonly isUsable?: boolean
  /** The rows that it covers, as SQL; all if there is none. */
  readonly predicate?: string | null
  /** Whether two NULLs are equal. */
  readonly countsNulls?: boolean | null
}

/** A database's catalog, row by row; the system's own tables are left out. */
export interface CatalogRows {
  readonly columns: readonly ColumnRow[]
  readonly foreignKeys: readonly ForeignKeyRow[]
  readonly indexes: readonly IndexRow[]
}

/** The transaction on whose connection the catalog is read. */
export interface CatalogOptions {
  readonly transaction?: Transaction | null | undefined
}

/** Conditions on the tables and on the indexes that are read. */
interface Conditions {
  readonly columns: string
  readonly indexes: string
}

export interface Texts {
  readonly columns: (condition: string) => string
  readonly foreignKeys: string
  readonly indexes: (condition: string) => string
  /** @param schemas quoted: the other databases of the server that matter */
  readonly allTables: (schemas: readonly string[]) => Conditions
  /** The same of one table or view. */
  readonly oneTable: (table: string, escape: (value: string) => string) => Conditions
}
