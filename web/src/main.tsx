import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { hearInput } from './data/attendance.ts';
import { queryClient } from './data/query-client.ts';
import { router } from './router.tsx';
import { Theme } from './ui/theme.tsx';

const place = document.getElementById('root');
if (place === null) throw new Error('the page has no place for the portal');
hearInput(window);
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Theme>
        <RouterProvider router={router} />
      </Theme>
    </QueryClientProvider>
  </StrictMode>,
);
