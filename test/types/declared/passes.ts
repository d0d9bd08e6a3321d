/** Compiled, never run: passes of declared scopes. */
import { Sequelize } from 'sequelize'
import { defineVisitorModels, VisitorTokenStrategy, type Visitor as Pass } from 'passport-ephemeral'
import { migrationsFor } from 'passport-ephemeral/migrations'
import { is } from '../same.js'

const { Visitor } = defineVisitorModels(new Sequelize(), { secret: 'x' })
const email = 'ginger@example.test'

const made = await Visitor.create({ scope: 'INTERVIEW', context: { candidate: 3 }, email })
if (made.scope === 'INTERVIEW') is<number>()(made.context.candidate)
await Visitor.create({ scope: 'DEMO', email })
Visitor.build({ scope: 'REFERENCE_REQUEST', context: { about: 'Fred' }, email })
// @ts-expect-error -- another scope's context
await Visitor.create({ scope: 'INTERVIEW', context: { about: 'Fred' }, email })
// @ts-expect-error -- no context
await Visitor.create({ scope: 'INTERVIEW', email })
// @ts-expect-error -- no such scope
await Visitor.create({ scope: 'INTERVEW', context: { candidate: 3 }, email })
// @ts-expect-error -- no e-mail address
await Visitor.create({ scope: 'INTERVIEW', context: { candidate: 3 } })

const found = await Visitor.findOne({ where: { scope: 'INTERVIEW' } })
is<Pass | null>()(found)
if (found?.scope === 'REFERENCE_REQUEST') {
  found.context = { about: 'Fred' }
  // @ts-expect-error -- another scope's context
  found.context = { candidate: 3 }
  await found.update({ firstName: 'Ginger' })
}
new VisitorTokenStrategy({ Visitor })
migrationsFor({ Visitor })
