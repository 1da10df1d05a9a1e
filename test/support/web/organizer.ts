import type { Page } from 'playwright-core';

const DAY_MS = 86_400_000;

type Steps = { readonly page: Page; readonly url: string; readonly check: (name: string) => Promise<void> };

/** Goes through the client as a new organizer does: from the sign-up to a published event. Returns the address of the event. */
export async function makeFirstEvent({ page, url, check }: Steps, chart: string): Promise<string> {
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const follow = (name: string | RegExp) => page.getByRole('link', { name }).first().click();
  const write = (label: string, text: string) => page.getByLabel(label, { exact: true }).fill(text);
  await page.goto(`${url}/organizer`);
  await page.locator('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('tab', { name: 'New account' }).click();
  await write('Name', 'Rita');
  await write('E-mail address', 'rita@example.org');
  await write('Password', 'a long password');
  await press('Create account');
  await page.getByRole('heading', { name: 'New organization' }).waitFor();
  await write('Name', 'Fado Lisboa');
  await page.getByLabel('Country').selectOption('PT');
  await press('Create organization');
  await follow('Fado Lisboa');
  await follow('New venue');
  await write('Name', 'Casa do Fado');
  await write('City', 'Lisbon');
  await page.getByLabel('Time zone').selectOption('Europe/Lisbon');
  await write('Latitude', '38.71');
  await write('Longitude', '-9.13');
  await check('new venue');
  await press('Create the venue');
  await importPlan({ page, url, check }, chart);
  await follow('Casa do Fado');
  await follow('To the organization');
  await follow('New event');
  const day = new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10);
  await write('Title', 'A Night of Fado');
  await write('Starts', `${day}T21:00`);
  await write('Sale ends', `${day}T18:00`);
  await write('Fans may return tickets until', `${day}T12:00`);
  await check('new event');
  await press('Create the draft');
  await setPrices({ page, url, check });
  await follow('On to publishing');
  await press('Publish');
  await page.getByRole('link', { name: 'As fans see it' }).waitFor();
  await check('dashboard');
  return page.url();
}

/** First with a file that has errors, which are shown with their places; then with one that has none. */
async function importPlan({ page, check }: Steps, chart: string): Promise<void> {
  const file = page.getByLabel('File');
  await file.setInputFiles(chart.replace('WithSections', 'WithErrors'));
  await page.getByLabel('Name of the plan').fill('Main room');
  await page.getByRole('button', { name: 'Import as a draft' }).click();
  await page.getByRole('alert').getByText('The file was not imported.').waitFor();
  await check('problems of a plan');
  await file.setInputFiles(chart);
  await page.getByRole('button', { name: 'Import as a draft' }).click();
  await page.getByRole('link', { name: 'Look at the plan' }).click();
  await page.getByRole('heading', { name: '71 seats' }).waitFor();
  await check('plan');
  await page.getByRole('button', { name: 'Publish the plan' }).click();
  await page.getByText('Published', { exact: true }).waitFor();
}

/** Two ticket types, a level that is painted over a section of the other, and a fee whose first amount is not one. */
async function setPrices({ page, check }: Steps): Promise<void> {
  await page.getByRole('button', { name: 'Add a ticket type' }).click();
  await page.locator('[name=type1]').fill('Child');
  for (const [label, amount] of [
    ['Full price (EUR)', '32'],
    ['Child (EUR)', '12,50'],
  ] as const)
    for (const field of await page.getByLabel(label, { exact: true }).all()) await field.fill(amount);
  await page.getByText('Sections, rows and seats as a list').click();
  await page.getByText('Rows of section Section B').click();
  await page.getByRole('button', { name: 'Give “cat1”: Section Section B · Row A' }).click();
  await page.getByRole('button', { name: 'Add a fee' }).click();
  await page.locator('[name=fee0]').fill('Booking fee');
  await page.locator('[name=feeAmount0]').fill('much');
  await page.getByRole('button', { name: 'Save the prices' }).click();
  await page.getByText('Write an amount such as 12.50.').waitFor();
  await check('prices');
  await page.locator('[name=feeAmount0]').fill('1.50');
  await page.getByRole('button', { name: 'Save the prices' }).click();
  await page.getByText('€33.50').waitFor();
}
