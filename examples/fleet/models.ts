import type { Sequelize } from 'sequelize'
import { defineVisitorModels } from 'passport-ephemeral'
import { defineModels as defineTodoModels } from '../todo/models.js'
import type { Settings } from './settings.js'

export type Models = ReturnType<typeof defineModels>

/** The to-do example's users, guests and lists, and passes for visitors of a list. */
export function defineModels(sequelize: Sequelize, { guestMaxAge, visitorSecret }: ModelSettings) {
  return {
    ...defineTodoModels(sequelize, { maxAge: guestMaxAge }),
    ...defineVisitorModels(sequelize, { secret: visitorSecret }),
  }
}

type ModelSettings = Pick<Settings, 'guestMaxAge' | 'visitorSecret'>
