declare module 'opencc-js/dict/*' {
  const pairs: string;
  // biome-ignore lint/style/noDefaultExport: the package has no other
  export default pairs;
}
