export default (sequelize, DataTypes) => sequelize.define('Task', { title: DataTypes.STRING })
