import type { Models } from './models.js'

/** Cleans one guest up, whatever its age: whoever deletes the `Guest` row first has it. */
export function deleteGuest({ Guest, User }: Models, userId: number): Promise<boolean> {
  return User.sequelize?.transaction(async (transaction) => {
    if ((await Guest.destroy({ where: { userId }, transaction })) === 0) return false
    await User.destroy({ where: { id: userId }, transaction })
    return true
  }) as Promise<boolean>
}
