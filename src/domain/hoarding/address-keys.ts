import { createHmac } from 'node:crypto';

/** The key under which a client's address is counted; undefined without an address (a proxy's UNIX socket). */
export type AddressKeys = (countedAddress: string) => string | undefined;

/**
 * Addresses are personal data and are not stored. Only a keyed hash is stored, which cannot be reversed without the
 * secret by trying all addresses. 122 of its bits, in the form of a UUID (version 8).
 */
export function openAddressKeys(secret: string): AddressKeys {
  return (countedAddress) => {
    if (countedAddress === '') return undefined;
    const bytes = createHmac('sha256', secret).update(countedAddress).digest().subarray(0, 16);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
}
