/** Shows while the browser knows that it is offline. What it does not know, each upload tells by itself. */
export const showNetwork = (sign: HTMLElement, announce: (text: string) => void): void => {
  const show = () => {
    sign.hidden = navigator.onLine;
  };
  show();
  addEventListener("offline", () => {
    show();
    announce(sign.textContent);
  });
  addEventListener("online", () => {
    show();
    announce("The network is back.");
  });
};
