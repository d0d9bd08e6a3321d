import { openDatabase } from '../support/database.js'

const database = await openDatabase()

/** The database of the reader's application. */
export const { sequelize } = database

/** Called after a program has been checked. */
export const closeDatabase = (): Promise<void> => database.close()
