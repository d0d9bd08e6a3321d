// Stands in for `new Sequelize(config.database, …)`: the test opens an empty database before it loads the application.
export default globalThis.sequelizeUnderTest
