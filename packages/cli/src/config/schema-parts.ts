import { z } from 'zod';

/** A whole number of at least `least`. */
export const atLeast = (least: number): z.ZodInt => z.int().min(least);

/** A number above 0. */
export const positive = (): z.ZodNumber => z.number().positive();

/** A number of 0 or more. */
export const notNegative = (): z.ZodNumber => z.number().min(0);
