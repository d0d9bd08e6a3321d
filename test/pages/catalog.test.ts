import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareWithEnglish, completeMessages, type Translation } from '../../src/pages/messages/catalog.js'
import { en } from '../../src/pages/messages/en.js'

describe('the catalog of words', () => {
  it('stands in for a word that a translation leaves out, at any depth', () => {
    const words = completeMessages(
      { leave: { title: 'Gehen?' }, conversion: { sent: { title: 'Post' } } },
      en,
    )
    assert.equal(words.leave.title, 'Gehen?')
    assert.equal(words.leave.button, en.leave.button)
    assert.equal(words.conversion.sent.title, 'Post')
    assert.equal(words.conversion.sent.again, en.conversion.sent.again)
  })

  it('names what is missing, and what is no word', () => {
    const errors = { ...en.errors, tooLong: 'too long' }
    const given = { ...en, fields: { username: 'Name', nickname: 'Nick' }, errors } as unknown as Translation
    const { missing, wrong } = compareWithEnglish(given)
    assert.ok(missing.includes('fields.email'))
    assert.deepEqual(wrong, ['fields.nickname', 'errors.tooLong'])
  })
})
