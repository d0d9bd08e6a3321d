// jest.config.cjs
module.exports = { transform: {} } // the tests are ES modules, and run as they are
