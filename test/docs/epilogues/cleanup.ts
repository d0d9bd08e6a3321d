import assert from 'node:assert/strict'
import type { defineUser } from '../user.js'

interface Program {
  readonly User: ReturnType<typeof defineUser>
  readonly guests: number
  readonly passes: number
  readonly visits: number
  readonly isComplete: boolean
}

export default async function check({ User, guests, passes, visits, isComplete }: Program) {
  assert.deepEqual([guests, passes, visits, isComplete], [1, 0, 0, true])
  assert.deepEqual(
    (await User.findAll()).map(({ username }) => username),
    ['fred'],
  )
}
