export default (sequelize, DataTypes) => {
  const User = sequelize.define('User', {
    username: { type: DataTypes.STRING(150), allowNull: false, unique: true },
    passwordHash: DataTypes.STRING,
  })
  User.associate = ({ Task }) =>
    User.hasMany(Task, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' })
  return User
}
