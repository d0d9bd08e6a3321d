import { randomUUID } from 'node:crypto'
import type { Guest } from 'passport-ephemeral'
import type { Contender } from './application.js'
import { handwrittenContender, type Person } from './handwritten.js'
import { openModels, type User } from './models.js'

/** For reference: the same work with the usual calls of Sequelize's documentation. */
export function plainSequelizeContender(databaseUrl: string): Contender {
  const { sequelize, User, Guest, Visitor } = openModels(databaseUrl)
  return handwrittenContender({
    async createGuest() {
      return await sequelize.transaction(async (transaction) => {
        const user = await User.create({ username: randomUUID().replaceAll('-', '') }, { transaction })
        const guest = await Guest.create({ userId: user.id }, { transaction })
        return personOf(user, guest)
      })
    },
    async findPerson(id) {
      const user = await User.findByPk(id, { include: [{ model: Guest, as: 'guest' }] })
      if (user === null) return undefined
      return personOf(user, (user as User & { guest: Guest | null }).guest)
    },
    async findPass(id) {
      return (await Visitor.findByPk(id)) ?? undefined
    },
    async redeemPass(uuid) {
      const pass = await Visitor.findOne({ where: { uuid, isActive: true } })
      if (pass === null || pass.hasExpired) return undefined
      pass.set({ uses: pass.uses + 1, lastUsedAt: new Date() })
      return await pass.save()
    },
  })
}

function personOf({ id, username }: User, guest: Guest | null): Person {
  return { id, username, guestSince: guest?.createdAt ?? null }
}
