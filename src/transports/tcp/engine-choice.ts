/** What a user may ask for where TCP is accepted. */
export const ENGINE_CHOICES = ["auto", "public", "shared", "lean"] as const;

export type EngineChoice = (typeof ENGINE_CHOICES)[number];
