let renewSocket = (): void => undefined;

/** Says how the socket is opened again, once there is one: it learns a token or an admission only when it opens. */
export const whenRenewed = (renew: () => void): void => {
  renewSocket = renew;
};

/** Opens the socket again, when there is one. */
export const openSocketAgain = (): void => renewSocket();
