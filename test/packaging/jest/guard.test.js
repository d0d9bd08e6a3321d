const express = require('express')
const { ensureGuest } = require('passport-ephemeral')
const { migrationsFor } = require('passport-ephemeral/migrations')

it('a request without a guest is refused', async () => {
  expect(typeof migrationsFor).toBe('function')
  const app = express().get('/', ensureGuest)
  app.use((error, _req, res, _next) => res.status(error.status).json({ code: error.code }))
  const server = app.listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    const answer = await fetch(`http://127.0.0.1:${server.address().port}/`)
    expect([answer.status, await answer.json()]).toEqual([401, { code: 'ERR_GUEST_REQUIRED' }])
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})
