;; Run by tests/editors/test_emacs.py in an Emacs without a screen: opens a file, takes the quick fix, has shapes
;; written, and tells what it saw as JSON. -*- lexical-binding: t -*-
(package-initialize)
(require 'cl-lib)
(require 'eglot)
(require 'json)

(defvar given (json-parse-string (getenv "SHAPELINT_TEST") :array-type 'list))
(defvar seen nil)

(defun told ()
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defun wait-for (what condition)
  (let ((until (+ (float-time) 60)))
    (while (not (funcall condition))
      (when (< until (float-time)) (error "no %s" what))
      (accept-process-output nil 0.05))))

(defun act (title)
  "Take the code action at point whose title begins so; return the titles of all."
  (let ((last-nonmenu-event ?x) ; else eglot asks with a menu of the mouse
        titles)
    (cl-letf (((symbol-function 'completing-read)
               (lambda (_ items &rest _)
                 (setq titles (mapcar #'car items))
                 (cl-find-if (lambda (one) (string-prefix-p title one)) titles))))
      (eglot-code-actions (point) (point) nil t))
    (vconcat titles)))

(defun main ()
  (setq eglot-sync-connect 60 eglot-autoshutdown t eglot-confirm-server-initiated-edits nil)
  (add-to-list 'eglot-server-programs `(python-mode . (,(nth 0 given) "-m" "shapelint" "server")))
  (find-file (nth 1 given))
  (python-mode)
  (call-interactively #'eglot)
  (wait-for "proof" (lambda () (cl-some (lambda (one) (string-match-p "confirmed by torch" one)) (told))))
  (push `(told . ,(vconcat (told))) seen)
  (goto-char (point-min))
  (search-forward "out[-1")
  (push `(actions . ,(act "Fix SHP101")) seen)
  (save-buffer) ; without a screen Emacs is never idle, when eglot would send a change
  (wait-for "end of the finding" (lambda () (null (told))))
  (act "Write shapes as comments in the whole file")
  (wait-for "comments" (lambda () (string-match-p "# ::" (buffer-string))))
  (save-buffer)
  (eglot-shutdown (eglot-current-server)))

(condition-case failure
    (main)
  (error (push `(failure . ,(format "%S" failure)) seen)))
(with-temp-file (nth 2 given) (insert (json-encode seen)))
