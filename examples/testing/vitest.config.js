// vitest.config.js
export default { test: { globals: true } }
