/* global document, location, URL, URLSearchParams */
import { call, introduce } from './api.js'

const form = document.getElementById('login')
const error = document.getElementById('error')
const password = document.getElementById('password')

void introduce().catch(showError)

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  error.textContent = ''
  try {
    await call('POST', '/login', { username: form.username.value, password: password.value })
    location.assign(wayBack())
  } catch (cause) {
    showError(cause)
    password.setAttribute('aria-describedby', 'error')
    password.value = ''
    password.focus()
  }
})

function showError({ message }) {
  error.textContent = message
}

/** The path in `?next=`, if it is on this site. */
function wayBack() {
  const next = new URL(new URLSearchParams(location.search).get('next') ?? '/', location.origin)
  return next.origin === location.origin ? next.pathname + next.search : '/'
}
