import { Module } from '@nestjs/common'
import { AppController } from './app.controller'
import { LocalStrategy } from './login'

@Module({ controllers: [AppController], providers: [LocalStrategy] })
export class AppModule {}
