import { openDatabase } from '../support/database.js'

const database = await openDatabase()

/** The database of the application that the README's reader already has. */
export const { sequelize } = database

/** Called when a program has been checked. */
export const closeDatabase = (): Promise<void> => database.close()
