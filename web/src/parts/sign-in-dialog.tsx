import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useTexts } from '../texts/texts.ts';
import { Icon } from './icons.tsx';
import { SignInForm } from './sign-in-form.tsx';

/** Asks who the fan is, in the middle of a purchase. */
export function SignInDialog({ done, close }: { done: () => void; close: () => void }) {
  const texts = useTexts();
  return (
    <ModalOverlay className="overlay" isOpen isDismissable onOpenChange={(isOpen) => !isOpen && close()}>
      <Modal className="modal">
        <Dialog className="dialog">
          <div className="dialog-head">
            <Heading slot="title">{texts.guestTitle}</Heading>
            <Button className="small" aria-label={texts.cancel} onPress={close}>
              <Icon name="close" />
            </Button>
          </div>
          <SignInForm done={done} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
