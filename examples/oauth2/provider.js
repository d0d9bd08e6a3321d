import { createHash, randomUUID } from 'node:crypto'
import express from 'express'

const PEOPLE = [
  { sub: '1', username: 'kim' },
  { sub: '2', username: 'robin' },
]

/** A tiny OAuth 2.0 server that asks for no password: only for this example. It has one client. */
export function createProvider({ clientID, clientSecret, callbackURL }) {
  const provider = express()
  const grants = new Map() // by code, for the client's request for a token
  const people = new Map() // by access token

  provider.get('/authorize', (req, res) => {
    const {
      client_id: client,
      redirect_uri: redirectUri,
      state,
      code_challenge: challenge,
      person,
    } = req.query
    if (client !== clientID || redirectUri !== callbackURL) return res.sendStatus(400)
    const choice = PEOPLE.find(({ sub }) => sub === person)
    if (choice) {
      const code = randomUUID()
      grants.set(code, { person: choice, challenge })
      return res.redirect(`${callbackURL}?${new URLSearchParams({ code, state })}`)
    }
    const links = PEOPLE.map(({ sub, username }) => {
      const address = `/authorize?${new URLSearchParams({ ...req.query, person: sub })}`
      return `<p><a href="${address.replaceAll('&', '&amp;')}">I am ${username}</a></p>`
    })
    res.send(`<!doctype html><title>Example ID</title><h1>Example ID</h1>${links.join('')}`)
  })

  provider.post('/token', express.urlencoded(), (req, res) => {
    const { client_id: client, client_secret: secret, code, code_verifier: verifier = '' } = req.body
    const grant = grants.get(code)
    grants.delete(code)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    if (client !== clientID || secret !== clientSecret || grant?.challenge !== challenge) {
      return res.status(400).json({ error: 'invalid_grant' })
    }
    const token = randomUUID()
    people.set(token, grant.person)
    res.json({ access_token: token, token_type: 'Bearer' })
  })

  provider.get('/userinfo', (req, res) => {
    const person = people.get(req.get('authorization')?.replace('Bearer ', ''))
    if (person) res.json(person)
    else res.sendStatus(401)
  })
  return provider
}
