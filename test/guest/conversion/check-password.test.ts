import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { z } from 'zod'
import { convertRouter } from '../../../src/index.js'
import { errorsOf, fred, guest, post, startConversion, verifying, type Options, type Stage } from './stage.js'

const GUESSABLE = 'This password is easy to guess. Please choose another one.'

let app: Stage
before(async () => {
  app = await startConversion({ pages: { brand: { name: 'Acme Notes' } } })
})
after(() => app.close())
afterEach(() => app.User.destroy({ where: {} }))

async function withStage(options: Options, work: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await startConversion(options)
  try {
    await work(stage)
  } finally {
    await stage.close()
  }
}

async function typed(password: string, stage = app, more: object = {}) {
  const { browser } = await guest(stage)
  return await post(browser, { ...fred, ...more, password, passwordAgain: password })
}

describe('a password that is tried first', () => {
  for (const password of [
    'password',
    'Password123!',
    'P@ssw0rd2024',
    'iloveyou1',
    '12345678',
    '987654321',
    'qwertyuiop',
    '1q2w3e4r5t',
    'aaaaaaaa',
    'abcdabcd',
    '12344321',
    '19871204',
    '24121998',
    'ｐａｓｓｗｏｒｄ１',
    'x'.repeat(128),
  ])
    it(`is refused beside its field, and the guest stays one: ${password.slice(0, 20)}`, async () => {
      const refused = await typed(password)
      assert.equal(refused.status, 422)
      assert.deepEqual(errorsOf(refused.text), { password: GUESSABLE })
      assert.equal(await app.Guest.count(), 1)
      assert.doesNotMatch(refused.text, new RegExp(`value="${password.slice(0, 20)}`))
    })

  it('is refused if it consists of the username, the address or the name of the application', async () => {
    for (const password of ['flintstone', 'Flintstone#7', 'acme-notes', 'acmenotes1', 'Notes!flintstone'])
      assert.deepEqual(errorsOf((await typed(password, app, { username: 'flintstone' })).text), {
        password: GUESSABLE,
      })
    await withStage(verifying(), async (stage) => {
      for (const password of ['wilma.slate@bedrock.test', 'wilma.slate', 'Bedrock99', 'slate-wilma'])
        assert.deepEqual(
          errorsOf((await typed(password, stage, { email: 'wilma.slate@bedrock.test' })).text),
          { password: GUESSABLE },
        )
      assert.equal(stage.mailbox.length, 0)
    })
  })
})

describe('any other password', () => {
  for (const password of [
    'hkqvznbw',
    'Tr0ub4dor&3',
    'kx 7 q  w',
    '83920417',
    'żółwżaba',
    'sunshine and monkeys in march',
    'my name is fred, and I like it',
  ])
    it(`is accepted, whatever its characters are: ${password}`, async () => {
      assert.equal((await typed(password)).status, 303)
    })
})

describe('the option checkPassword', () => {
  it('is asked about valid passwords only, with what the form asks for, and before any is hashed', async () => {
    const asked: unknown[] = []
    const options: Options = {
      checkPassword(password, { username, email, req }) {
        asked.push([password, username, email, req.method])
        return true
      },
      hashPassword: (password) => {
        asked.push('hashed')
        return `hash of ${password.length}`
      },
    }
    await withStage(options, async (stage) => {
      await typed('short', stage)
      await typed('password1', stage)
      assert.deepEqual(asked, [])
      assert.equal((await typed('correct horse', stage)).status, 303)
      assert.deepEqual(asked, [['correct horse', 'fred', undefined, 'POST'], 'hashed'])
    })
  })

  it('refuses in its own words, or in those of the pages by anything but true', async () => {
    const answers: unknown[] = ['Found in a breach <b>', false, undefined, 1, '']
    const checkPassword = (() => Promise.resolve(answers.shift())) as NonNullable<Options['checkPassword']>
    await withStage({ checkPassword }, async (stage) => {
      assert.deepEqual(errorsOf((await typed('correct horse', stage)).text), {
        password: 'Found in a breach &lt;b&gt;',
      })
      for (let left = answers.length; left > 0; left--)
        assert.deepEqual(errorsOf((await typed('correct horse', stage)).text), { password: GUESSABLE })
      assert.equal(await stage.Guest.count(), 5)
    })
  })

  it('fails the request if it throws, and the guest stays one', async () => {
    const checkPassword = () => Promise.reject(new Error('The list is away'))
    await withStage({ checkPassword }, async (stage) => {
      assert.equal((await typed('correct horse', stage)).status, 500)
      assert.equal(await stage.Guest.count(), 1)
    })
  })

  it('is asked about the password of an application’s own schema, too', async () => {
    const schema = z.object({ username: z.string(), password: z.string() })
    await withStage({ schema, checkPassword: (password) => password !== 'a pass phrase' }, async (stage) => {
      assert.equal((await typed('a pass phrase', stage)).status, 422)
      assert.equal((await typed('qwertyuiop', stage)).status, 422)
      assert.equal((await typed('correct horse', stage)).status, 303)
    })
  })

  it('must be a function', () => {
    assert.throws(
      () => convertRouter({ Guest: app.Guest, hashPassword: String, checkPassword: 'zxcvbn' as never }),
      /convertRouter: option 'checkPassword' must be a function/,
    )
  })
})
