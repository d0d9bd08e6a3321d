/* global document, addEventListener */
import { call, introduce } from './api.js'

const form = document.getElementById('new')
const input = document.getElementById('title')
const error = document.getElementById('error')
const list = document.getElementById('todos')
const told = document.getElementById('told')
let isKnown = false

// Also when the browser brings the page back from its memory: it can be somebody else's turn by then.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) list.replaceChildren()
  void attempt(show)
})

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void attempt(add, input)
})

async function show() {
  const { kind } = await introduce()
  isKnown = kind !== 'anonymous'
  const { todos } = await call('GET', '/todos')
  list.replaceChildren(...todos.map(line))
  showWhetherEmpty()
}

async function add() {
  const title = input.value
  input.value = '' // the next line can be typed already
  const todo = await call('POST', '/todos', { title }).catch((cause) => {
    input.value ||= title
    throw cause
  })
  list.append(line(todo))
  showWhetherEmpty()
  tell(`Added ${todo.title}`)
  if (!isKnown) await show() // by now we are somebody
}

/** One thing to do, with what can be done to it. */
function line(todo) {
  const item = document.getElementById('todo').content.cloneNode(true).firstElementChild
  const box = item.querySelector('input')
  const button = item.querySelector('button')
  box.checked = todo.done
  item.querySelector('.title').textContent = todo.title
  button.querySelector('.hidden').textContent = ` ${todo.title}`
  box.addEventListener('change', () =>
    attempt(async () => {
      try {
        box.checked = (await call('PATCH', `/todos/${todo.id}`, { done: box.checked })).done
      } catch (cause) {
        box.checked = !box.checked // as it is stored
        throw cause
      }
    }),
  )
  button.addEventListener('click', () => attempt(() => remove(item, todo)))
  return item
}

/** The focus goes to the next line's button, so that a keyboard does not lose its place. */
async function remove(item, todo) {
  await call('DELETE', `/todos/${todo.id}`)
  const neighbour = item.nextElementSibling ?? item.previousElementSibling
  const place = neighbour?.querySelector('button') ?? input
  item.remove()
  place.focus()
  showWhetherEmpty()
  tell(`Deleted ${todo.title}`)
}

function showWhetherEmpty() {
  document.getElementById('empty').hidden = list.children.length > 0
}

function tell(text) {
  told.textContent = text
}

/** Does it, and says in the page what went wrong; beside the field, if it is about that. */
async function attempt(work, field) {
  error.textContent = ''
  input.removeAttribute('aria-invalid')
  input.removeAttribute('aria-describedby')
  try {
    await work()
  } catch ({ message }) {
    error.textContent = message
    if (field === undefined) return
    field.setAttribute('aria-invalid', 'true')
    field.setAttribute('aria-describedby', 'error')
    field.focus()
  }
}
