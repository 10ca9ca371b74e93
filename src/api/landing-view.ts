import { z } from 'zod';

const text = z.string();

/** Where access lands when nothing is handed out. */
export const landing = z
  .object({
    identity: text.meta({ description: "The cloud's own name of it." }),
    words: text,
    azure: z.object({ scope: text, roleDefinition: text }).optional().meta({
      description:
        'Where its holder can ask Azure for their own permissions, and the role (GUID) that shows there once Azure obeys.',
    }),
  })
  .meta({ description: 'Where the access lands when nothing is handed out: an identity that the person has already.' });
