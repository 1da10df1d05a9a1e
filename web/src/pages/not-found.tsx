import { HomeLink } from '../parts/states.tsx';
import { useTexts } from '../texts/texts.ts';

export function NotFoundPage() {
  const texts = useTexts();
  return (
    <section className="state">
      <h1>{texts.notFoundTitle}</h1>
      <p>{texts.notFound}</p>
      <HomeLink />
    </section>
  );
}
