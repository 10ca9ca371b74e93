import { useFavourites, type Favourite } from '../data/favourites.ts';
import { IconButton } from '../ui/button.tsx';
import { StarIcon } from '../ui/icons.ts';

/** Keeps a role on a target at hand, or no longer. */
export function Star({ of }: { readonly of: Favourite }) {
  const { isKept, toggle } = useFavourites();
  return (
    <IconButton
      label={`Keep ${of.role} on ${of.target} at hand`}
      icon={StarIcon}
      pressed={isKept(of)}
      onClick={() => toggle(of)}
    />
  );
}
