import { serve } from '@sample/domain'
import express from 'express4'
import { expressHost } from './app.ts'

await serve((sample) => expressHost(express(), sample))
