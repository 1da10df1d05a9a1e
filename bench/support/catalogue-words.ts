/** Words of which the titles and performers of a large catalogue are made. */

const listOf = (words: string): readonly string[] => words.trim().split(/\s+/);

export const firstNames = listOf(`
  Ada Aino Akira Alba Amara Anders Anouk Ariel Astrid Aya Bela Birgit Bruno Camila Cedric Chidi Clara Cosmo Dalia
  Dario Dmitri Edda Elif Emeka Enzo Esme Farah Felix Fiona Gaspar Greta Hana Hugo Ines Ingrid Isak Jaya Jonas Juno
  Kaito Katya Lars Leila Linus Luca Mads Maren Mateo Mina Nadia Niko Noor Olga Oscar Paloma Petra Quentin Rafael
  Rania Ren Rosa Sanna Selma Soren Tadeo Talia Theo Uma Viggo Vera Wanda Xavi Yara Yusuf Zelda Zoran`);
export const lastNames = listOf(`
  Abara Albrecht Almeida Andersen Araki Bakker Banerjee Barros Becker Bello Berg Blanchet Bruun Castellano Chevalier
  Contreras Dahl Delacroix Dimitrov Duarte Eklund Escobar Falk Ferreira Fontaine Fujita Garrido Gauthier Grimaldi
  Haddad Halvorsen Hartmann Hoshino Iglesias Ivanova Jansen Kaplan Karlsson Kimura Kovacs Kowalski Laurent Lindqvist
  Lombardi Madsen Marchetti Mendoza Moreau Mukherjee Nakamura Novak Nwosu Okafor Olsen Ortega Papadakis Pereira
  Petrov Quintana Ramires Rinaldi Romano Rossi Sandoval Santoro Schreiber Silva Sorensen Takahashi Tanaka Torres
  Ueda Valdez Vasquez Vogel Weber Yamada Zanetti Zimmer`);
export const adjectives = listOf(`
  Amber Arctic Autumn Azure Bitter Black Brass Broken Burning Copper Cosmic Crimson Crooked Crystal Dancing Distant
  Electric Emerald Endless Fading Faithful Flying Foggy Frozen Gentle Gilded Golden Hidden Hollow Howling Humming
  Indigo Iron Ivory Jagged Lonely Lucky Lunar Magnetic Marble Midnight Misty Nervous Neon Northern Paper Pale Patient
  Quiet Rambling Restless Roaring Royal Rusty Sapphire Scarlet Secret Silent Silver Sleepless Smoky Solar Southern
  Stubborn Sunken Tangled Thunder Tin Velvet Violet Wandering Whispering Wild Winter Wooden`);
export const nouns = listOf(`
  Anchors Antlers Arrows Badgers Beacons Bells Bridges Canyons Candles Cedars Chimneys Comets Compasses Coyotes
  Cranes Daisies Dolphins Dragons Echoes Embers Engines Falcons Feathers Ferries Foxes Gardens Ghosts Glaciers
  Harbours Herons Hornets Hounds Islands Jackals Kestrels Kites Ladders Lanterns Larks Lighthouses Magpies Maples
  Meteors Mirrors Moths Mountains Nomads Oaks Orchards Otters Owls Panthers Pilots Pines Planets Poppies Prairies
  Ravens Rivers Rockets Saints Sailors Shadows Signals Sparrows Spirits Stags Strangers Thieves Tides Tigers Towers
  Trains Travellers Turbines Vagabonds Violins Walkers Willows Wolves`);
export const tours = listOf(`
  Homecoming Gravity Afterglow Daybreak Parallel Homeward Overture Reunion Anthology Horizons Undertow Equinox
  Encore Kaleidoscope Heartland Farewell Momentum Reverie Sanctuary Wildfire`);
export const plays = listOf(`
  Hamlet Macbeth Othello Cymbeline Antigone Medea Tartuffe Faust Woyzeck Nora Uncle-Vanya Carmen Tosca Aida Rigoletto
  Nabucco Fidelio Salome Turandot Giselle Coppelia Swan-Lake Nutcracker`);
export const described = listOf(`
  an evening with songs stories and surprises from the new album special guests join on stage doors open one hour
  before the show seated and standing places available family friendly accessible venue food drinks near station
  award winning ensemble performs classic works orchestra choir lights premiere anniversary season final night
  unforgettable acoustic electronic dance comedy improvised debate lecture workshop market fireworks open air`);
